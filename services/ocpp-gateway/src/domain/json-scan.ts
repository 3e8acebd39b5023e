// Places in a text that is known to be JSON: what is stored keeps every byte that is not replaced.

const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;

export const skipBlanks = (text: string, from: number): number => {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
};

/** Behind the text that begins at a quote. */
const endOfText = (text: string, from: number): number => {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
};

/** Behind the value that begins here. The text is known to be JSON. */
const endOfValue = (text: string, from: number): number => {
  const first = text[from];
  if (first === '"') return endOfText(text, from);
  let at = from + 1;
  if (first !== '{' && first !== '[') {
    while (!/[\s,\]}]/.test(text[at] ?? ',')) at += 1;
    return at;
  }
  for (let depth = 1; depth > 0;) {
    const character = text[at];
    if (character === '"') {
      at = endOfText(text, at);
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    at += 1;
  }
  return at;
};

export type Member = Readonly<{ name: string; from: number; to: number }>;

/** The members of the object that begins here, names in small letters. */
export const membersOf = (text: string, from: number): Member[] => {
  const members: Member[] = [];
  let at = skipBlanks(text, from + 1);
  while (text[at] === '"') {
    const nameEnd = endOfText(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    const valueFrom = skipBlanks(text, skipBlanks(text, nameEnd) + 1);
    const to = endOfValue(text, valueFrom);
    members.push({ name: name.toLowerCase(), from: valueFrom, to });
    at = skipBlanks(text, to);
    if (text[at] === ',') at = skipBlanks(text, at + 1);
  }
  return members;
};

/** The items of the array that begins here. */
export const itemsOf = (text: string, from: number): Omit<Member, 'name'>[] => {
  const items: Omit<Member, 'name'>[] = [];
  let at = skipBlanks(text, from + 1);
  while (text[at] !== ']') {
    const to = endOfValue(text, at);
    items.push({ from: at, to });
    at = skipBlanks(text, to);
    if (text[at] === ',') at = skipBlanks(text, at + 1);
  }
  return items;
};

/** What is meant by a value that is a text. */
export const textOf = (text: string, { from, to }: Omit<Member, 'name'>): string | undefined =>
  text[from] === '"' ? (JSON.parse(text.slice(from, to)) as string) : undefined;
