/** Whether it is the venue's answer to PING, perhaps with a line break or spaces around it. */
export function isPong(text: string): boolean {
  return text.length <= PONG_LENGTH_MAX && text.trim() === 'PONG';
}

const PONG_LENGTH_MAX = 16;
