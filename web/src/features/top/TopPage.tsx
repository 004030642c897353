export function TopPage() {
	return <p></p>;
}
