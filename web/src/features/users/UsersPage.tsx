export function UsersPage({ tab }: { tab: string }) {
	return <p>{tab}</p>;
}
