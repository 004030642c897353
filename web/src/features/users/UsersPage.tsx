import { Page } from '../../ui/Page';
import { TabLinks } from '../../ui/TabLinks';
import { Keys } from './Keys';
import { Users } from './Users';

/** Who may work with Byname, and which systems may send to it. */
export function UsersPage({ tab }: { tab: string }) {
	return (
		<Page title="Users and keys" lead="A person gets a login by a one-time link. A till, a web shop or a call centre gets a key.">
			<TabLinks
				label="Users and keys"
				here={tab === 'keys' ? '/users/keys' : '/users'}
				tabs={[{ to: '/users', label: 'Users' }, { to: '/users/keys', label: 'Keys' }]}
			/>
			{tab === 'keys' ? <Keys /> : <Users />}
		</Page>
	);
}
