export function Timeline({ id }: { id: string }) {
	return <p>{id}</p>;
}
