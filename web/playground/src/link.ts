// A link to the playground with an operation in it: ?query=…&variables=…

export interface Operation { query: string; variables?: string }

export function linkTo({ query, variables }: Operation): string {
  const params = new URLSearchParams({ query, ...(variables && { variables }) });
  return `${location.origin}${location.pathname}?${params}`;
}

// linked takes the operation out of the page's address, which is not looked at again: what
// becomes of the operation is remembered with the tabs.
export function linked(): Operation | undefined {
  const params = new URLSearchParams(location.search);
  const query = params.get("query");
  if (!query) return undefined;
  history.replaceState(null, "", location.pathname);
  return { query, variables: params.get("variables") ?? undefined };
}
