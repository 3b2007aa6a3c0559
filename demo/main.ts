/** `npm run demo`: sets the stage, plays the story, and stays up (`--once`: ends after it). */
import { hearInterruption, interrupted } from './story/interruption.ts';
import { type Stage, setStage } from './story/stage.ts';
import { tellStory } from './story/story.ts';
import { say, title } from './story/terminal.ts';

hearInterruption();
process.exitCode = await main(process.argv.includes('--once'));

/** Exit code: 0, 1 when something was not as it should be, 130 when the story was interrupted. */
async function main(once: boolean): Promise<number> {
  title('Starting');
  try {
    await using stage = await setStage();
    await tellStory(stage);
    if (once) showFiles(stage);
    else await stayUp(stage);
    return 0;
  } catch (error) {
    if (interrupted.aborted) {
      process.stdout.write('\nStopped.\n');
      return 130;
    }
    process.stderr.write(`\nThe demo stopped: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

/** What is left when everything has stopped. */
function showFiles(stage: Stage): void {
  title('That was the story');
  say(`workspaces    ${stage.products}`);
  say(`log           ${stage.logFile}`);
}

async function stayUp(stage: Stage): Promise<void> {
  showFiles(stage);
  say(`portal        ${stage.portal.url}/`);
  say(`console       ${stage.daemon.url}/console`);
  say(`health        ${stage.daemon.url}/health`);
  say(`metrics       ${stage.daemon.url}/metrics`);
  say(`store         ${stage.storeUrl}`);
  say('');
  say('Everything stays up: create products, request, approve and delete on the');
  say('portal’s page, and watch the workspaces. Ctrl-C ends it.');
  const { promise, resolve } = Promise.withResolvers<void>();
  interrupted.addEventListener('abort', () => resolve());
  if (interrupted.aborted) resolve();
  await promise;
  process.stdout.write('\nStopping.\n');
}
