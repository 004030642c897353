import { lazy, Suspense, useEffect, type ReactNode } from 'react';
import { useMay, useMe, useSession, type Right } from './api/session';
import { navOf } from './app/nav';
import { go, useLocation } from './app/router';
import { Shell } from './app/Shell';
import { useStores } from './app/stores';
import { FindPage } from './features/find/FindPage';
import { CustomerPage } from './features/customer/CustomerPage';
import { SignIn } from './features/session/SignIn';
import { Mishap } from './ui/Mishap';
import { Bones, Empty, Page } from './ui/Page';
import { setHomeZone } from './ui/format';
import { Toasts } from './ui/toasts';
import { Button } from '@mantine/core';

const OneTimeLink = lazy(() => import('./features/session/OneTimeLink').then((m) => ({ default: m.OneTimeLink })));
const TopPage = lazy(() => import('./features/top/TopPage').then((m) => ({ default: m.TopPage })));
const ReviewPage = lazy(() => import('./features/review/ReviewPage').then((m) => ({ default: m.ReviewPage })));
const WhyPage = lazy(() => import('./features/review/WhyPage').then((m) => ({ default: m.WhyPage })));
const OrderPage = lazy(() => import('./features/order/OrderPage').then((m) => ({ default: m.OrderPage })));
const NewOrder = lazy(() => import('./features/order/NewOrder').then((m) => ({ default: m.NewOrder })));
const ReturnPage = lazy(() => import('./features/order/ReturnPage').then((m) => ({ default: m.ReturnPage })));
const ChangePage = lazy(() => import('./features/order/ChangePage').then((m) => ({ default: m.ChangePage })));
const FindReceipt = lazy(() => import('./features/order/FindReceipt').then((m) => ({ default: m.FindReceipt })));
const StockPage = lazy(() => import('./features/stock/StockPage').then((m) => ({ default: m.StockPage })));
const QueuePage = lazy(() => import('./features/queue/QueuePage').then((m) => ({ default: m.QueuePage })));
const CountsPage = lazy(() => import('./features/counts/CountsPage').then((m) => ({ default: m.CountsPage })));
const SettlePage = lazy(() => import('./features/settle/SettlePage').then((m) => ({ default: m.SettlePage })));
const ImportsPage = lazy(() => import('./features/imports/ImportsPage').then((m) => ({ default: m.ImportsPage })));
const UsersPage = lazy(() => import('./features/users/UsersPage').then((m) => ({ default: m.UsersPage })));
const AuditPage = lazy(() => import('./features/audit/AuditPage').then((m) => ({ default: m.AuditPage })));
const StatusPage = lazy(() => import('./features/status/StatusPage').then((m) => ({ default: m.StatusPage })));

function Guard({ right, children }: { right: Right; children: ReactNode }) {
	const may = useMay(right);
	const me = useMe();
	if (may) return children;
	return (
		<Page title="Not for this role">
			<Empty icon="key" title={`The role “${me.user.role}” does not cover this screen`}>
				An administrator can change your role under “Users &amp; keys”.
			</Empty>
		</Page>
	);
}

function Screen({ path }: { path: string }) {
	const me = useMe();
	const stores = useStores();
	/* Dates are told in the zone of the store at which this person works. */
	const home = me.home_store ?? me.user.stores[0];
	setHomeZone(stores.find((s) => s.id === home)?.zone);
	const [, first = '', second = '', third = ''] = path.split('/');
	/* Who serves nobody starts at the first screen of their own. */
	const start = navOf(me.user.role)[0]?.to ?? '/';
	useEffect(() => {
		if (path === '/' && start !== '/') go(start, true);
	}, [path, start]);
	switch (first) {
		case '':
			return <Guard right="serve"><FindPage /></Guard>;
		case 'c':
			return <Guard right="serve"><CustomerPage key={second} id={second} tab={third} /></Guard>;
		case 'o':
			if (second === 'new') return <Guard right="serve"><NewOrder /></Guard>;
			if (third === 'change') return <Guard right="serve"><ChangePage key={second} id={second} /></Guard>;
			return <Guard right="orders">{third === 'return' ? <ReturnPage key={second} id={second} /> : <OrderPage key={second} id={second} />}</Guard>;
		case 'return':
			return <Guard right="orders"><FindReceipt /></Guard>;
		case 'stock':
			return <Guard right="stock"><StockPage /></Guard>;
		case 'queue':
			return <Guard right="orders"><QueuePage view={second} /></Guard>;
		case 'counts':
			return <Guard right="shelves"><CountsPage tab={second} /></Guard>;
		case 'settle':
			return <Guard right="settle"><SettlePage /></Guard>;
		case 'top':
			return <Guard right="top"><TopPage /></Guard>;
		case 'review':
			return <Guard right="merge"><ReviewPage sample={second === 'sample'} /></Guard>;
		case 'why':
			return <Guard right="merge"><WhyPage /></Guard>;
		case 'imports':
			return <Guard right="imports"><ImportsPage tab={second} /></Guard>;
		case 'users':
			return <Guard right="users"><UsersPage tab={second} /></Guard>;
		case 'audit':
			return <Guard right="audit"><AuditPage /></Guard>;
		case 'status':
			return <Guard right="status"><StatusPage /></Guard>;
		default:
			return (
				<Page title="Nothing at this address">
					<Empty icon="find" title="This page does not exist">
						<Button mt="md" onClick={() => go('/')}>Go to the start page</Button>
					</Empty>
				</Page>
			);
	}
}

export function App() {
	const { me, known, unreachable, retry } = useSession();
	const { path } = useLocation();
	const token = /^\/link\/([\w-]+)$/.exec(path)?.[1];
	return (
		<>
			<Suspense fallback={<Page title=""><Bones /></Page>}>
				{token ? (
					<OneTimeLink token={token} />
				) : me ? (
					<Shell key={me.user.id}>
						<Mishap key={path.split('/').slice(0, 3).join('/')}><Screen path={path} /></Mishap>
					</Shell>
				) : known ? (
					<SignIn />
				) : unreachable ? (
					<main><Page title="The server cannot be reached">
						<Empty icon="offline" title="Byname does not answer">
							<p>Check the network of this device. If others have the same trouble, tell whoever looks after the server.</p>
							<Button mt="md" onClick={retry}>Try again</Button>
						</Empty>
					</Page></main>
				) : null}
			</Suspense>
			<Toasts />
		</>
	);
}
