import { resolve } from 'node:path';

/** Folder of installed tools, shared by all test files. */
export const cacheFolder = resolve(process.env.PROV_TEST_CACHE ?? '.cache');
