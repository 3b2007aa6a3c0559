/** `npm run demo`: sets the stage, plays the story, and stays up (`--once`: ends after it). */
import { setStage } from './story/stage.ts';
import { tellStory } from './story/story.ts';
import { say, title } from './story/terminal.ts';

process.exitCode = await main(process.argv.includes('--once'));

async function main(once: boolean): Promise<number> {
  title('Starting');
  try {
    await using stage = await setStage();
    await tellStory(stage);
    title('That was the story');
    say(`portal        ${stage.portal.url}/`);
    say(`provisioner   ${stage.daemon.url}/health   ${stage.daemon.url}/metrics`);
    say(`store         ${stage.storeUrl}`);
    say(`workspaces    ${stage.products}`);
    say(`log           ${stage.logFile}`);
    if (!once) await untilInterrupted();
    return 0;
  } catch (error) {
    process.stderr.write(`\nThe demo stopped: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function untilInterrupted(): Promise<void> {
  say('');
  say(
    'Everything stays up: create products, request, approve and delete on the portal’s page. Ctrl-C ends it.',
  );
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  await promise;
}
