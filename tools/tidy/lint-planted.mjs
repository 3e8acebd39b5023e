// Lints texts as if they stood in given files, and prints per text the rules that objected.
// Usage: node lint-planted.mjs '[{"file": "...", "text": "..."}]'
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';

const workspace = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
process.chdir(workspace);
const eslint = new ESLint({ cwd: workspace });
const found = [];
for (const { file, text } of JSON.parse(process.argv[2])) {
  const [result] = await eslint.lintText(text, { filePath: join(workspace, file) });
  found.push(result.messages.map(({ ruleId, message }) => ({ ruleId, message })));
}
console.log(JSON.stringify(found));
