// Work that would hold up the event loop: compaction, recovery scans, large recompressions.

export interface Worker {
  /**
   * Runs the named task in another thread. Input and output are structured-cloned; the
   * buffers in `transfer` change owner instead of being copied.
   */
  run<Output>(task: string, input: unknown, transfer?: readonly ArrayBuffer[]): Promise<Output>
  close(): Promise<void>
}
