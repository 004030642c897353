export function Records({ id }: { id: string }) {
	return <p>{id}</p>;
}
