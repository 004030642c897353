export function ImportsPage({ tab }: { tab: string }) {
	return <p>{tab}</p>;
}
