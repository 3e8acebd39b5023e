/** An exact text, a decimal or `n/d`, with its sign turned round. */
export const negatedText = (text: string): string => {
  if (text === '0') return text;
  return text.startsWith('-') ? text.slice(1) : `-${text}`;
};
