import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedFiles } from './generated-files';

const workspace = join(__dirname, '..', '..', '..');
for (const [file, text] of generatedFiles(workspace)) {
  writeFileSync(join(workspace, file), text);
  console.log(`wrote ${file}`);
}
