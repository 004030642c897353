export function About({ id }: { id: string }) {
	return <p>{id}</p>;
}
