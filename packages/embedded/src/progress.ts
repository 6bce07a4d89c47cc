/** Told to a person while something is set up: one sentence per step that may take a second or more. */
export type Progress = (sentence: string) => void;
