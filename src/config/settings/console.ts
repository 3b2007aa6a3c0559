/** What the console links to. */
import { z } from 'zod';
import { settingsOf } from './forms.ts';

const setting = settingsOf('Console');

/** An address with `{home}` where the home's name goes. */
const addressOfHome = z
  .string()
  .regex(/^https?:\/\//, 'must be an http:// or https:// URL')
  .refine((text) => URL.canParse(text.replaceAll('{home}', 'home')), 'must be an http:// or https:// URL');

export const consoleSettings = {
  PROV_CODE_SERVER_URL: setting(addressOfHome.optional(), {
    about: 'Address of a workspace in VS Code; `{home}` stands for the home’s name. The console links to it.',
    example: 'https://code.example.com/?folder=/home/coder/products/{home}',
  }),
  PROV_RSTUDIO_URL: setting(addressOfHome.optional(), {
    about: 'Address of RStudio; `{home}` stands for the home’s name. The console links to it.',
    example: 'https://rstudio.example.com/',
  }),
};
