/** What one machine is called by those who make a package for it. */
export interface Architecture {
  readonly debian: 'amd64' | 'arm64';
  /** As Node and npm call it. */
  readonly node: 'x64' | 'arm64';
}

export const ARCHITECTURES: Readonly<Record<Architecture['debian'], Architecture>> = {
  amd64: { debian: 'amd64', node: 'x64' },
  arm64: { debian: 'arm64', node: 'arm64' },
};
