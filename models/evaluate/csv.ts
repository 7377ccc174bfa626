/**
 * Rows of a comma-separated file without quoting, as the pair lists are: LF or CRLF, empty lines skipped, an optional
 * byte order mark, blanks around values dropped.
 * @param columns names that must be there; a first line holding them all is the header, else the order given is taken
 * @throws RangeError naming the line that has too few values
 */
export function readCsv<C extends string>(text: string, columns: readonly C[]): Record<C, string>[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const values = (line: string): string[] => line.split(',').map(value => value.trim());
  const firstLine = lines.findIndex(line => line.trim() !== '');
  if (firstLine < 0) return [];
  const header = values(lines[firstLine]!);
  const hasHeader = columns.every(column => header.includes(column));
  const places = columns.map((column, index) => (hasHeader ? header.indexOf(column) : index));
  const rows: Record<C, string>[] = [];
  lines.forEach((line, index) => {
    if (line.trim() === '' || (hasHeader && index === firstLine)) return;
    const found = values(line);
    const row = {} as Record<C, string>;
    columns.forEach((column, at) => {
      const value = found[places[at]!];
      if (value === undefined) throw new RangeError(`line ${index + 1} has no value for ${column}`);
      row[column] = value;
    });
    rows.push(row);
  });
  return rows;
}
