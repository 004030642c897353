export function Orders({ id }: { id: string }) {
	return <p>{id}</p>;
}
