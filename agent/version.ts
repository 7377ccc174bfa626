import packageFile from '../package.json' with { type: 'json' };

/** Version of this package, as it goes into packets, states and documents. */
export const VERSION: string = packageFile.version;
