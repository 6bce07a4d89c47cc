/** Whether the text is the venue's answer to PING, possibly surrounded by white space. */
export function isPong(text: string): boolean {
  return text.length <= PONG_LENGTH_MAX && text.trim() === 'PONG';
}

export const PONG_LENGTH_MAX = 16;
