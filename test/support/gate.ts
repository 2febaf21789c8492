/** A gate instead of a sleep: code waits at it until the test opens it, and the test waits until code has come. */
export interface Gate {
  /** Resolves when somebody has come to the gate. */
  readonly reached: Promise<void>;
  /** For the code under test: says that it has come, and waits. */
  readonly pass: () => Promise<void>;
  readonly open: () => void;
}

export function gate(): Gate {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    pass: () => {
      reached.resolve();
      return opened.promise;
    },
    open: opened.resolve,
  };
}
