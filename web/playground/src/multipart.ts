// parts reads a multipart/mixed answer, as @defer sends it, part by part.
export async function* parts(body: ReadableStream<Uint8Array>, boundary: string): AsyncGenerator<string> {
  const delimiter = `\r\n--${boundary}`;
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "\r\n"; // the first delimiter may stand at the very beginning
  try {
    for (;;) {
      const { done, value } = await reader.read();
      text += decoder.decode(value, { stream: !done });
      for (let end; (end = text.indexOf(delimiter)) >= 0; text = text.slice(end + delimiter.length)) {
        const headers = text.indexOf("\r\n\r\n");
        const part = headers < 0 ? "" : text.slice(headers + 4, end);
        if (part) yield part;
      }
      if (done || text.startsWith("--")) return;
    }
  } finally {
    await reader.cancel();
  }
}

// boundaryOf is what stands between the parts, or undefined when the answer is one.
export function boundaryOf(contentType: string): string | undefined {
  if (!contentType.startsWith("multipart/mixed")) return undefined;
  return /boundary="?([^";]+)"?/i.exec(contentType)?.[1] ?? "-";
}
