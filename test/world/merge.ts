/** Merges streams that are each in order of their key, with a heap: O(log streams) an element, one element a stream in memory. */
export function* merged<T>(
  streams: readonly Iterator<T>[],
  key: (element: T) => string | number,
): Generator<T> {
  const heap: Head<T>[] = [];
  for (const [nth, stream] of streams.entries()) {
    const { value, done } = stream.next();
    if (!done) heap.push({ stream, nth, value, key: key(value) });
  }
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(heap, i);
  while (heap.length > 0) {
    const head = heap[0] as Head<T>;
    yield head.value;
    const { value, done } = head.stream.next();
    if (done) {
      const last = heap.pop() as Head<T>;
      if (heap.length > 0) heap[0] = last;
    } else {
      head.value = value;
      head.key = key(value);
    }
    sink(heap, 0);
  }
}

interface Head<T> {
  readonly stream: Iterator<T>;
  /** Equal keys: in the order of the streams. */
  readonly nth: number;
  value: T;
  key: string | number;
}

function sink<T>(heap: Head<T>[], from: number): void {
  let at = from;
  for (;;) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && before(heap[child] as Head<T>, heap[least] as Head<T>)) least = child;
    }
    if (least === at) return;
    [heap[at], heap[least]] = [heap[least] as Head<T>, heap[at] as Head<T>];
    at = least;
  }
}

function before<T>(a: Head<T>, b: Head<T>): boolean {
  return a.key < b.key || (a.key === b.key && a.nth < b.nth);
}
