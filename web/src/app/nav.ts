import { roleMay, type Right } from '../api/session';
import type { Role } from '../api/types';
import type { IconName } from '../ui/Icon';

export interface NavItem { to: string; label: string; short: string; icon: IconName; right: Right }
export const NAV: NavItem[] = [
	{ to: '/', label: 'Find', short: 'Find', icon: 'find', right: 'serve' },
	{ to: '/o/new', label: 'New order', short: 'Order', icon: 'bag', right: 'serve' },
	{ to: '/queue', label: 'To do for orders', short: 'Queue', icon: 'queue', right: 'orders' },
	{ to: '/stock', label: 'Stock', short: 'Stock', icon: 'stock', right: 'stock' },
	{ to: '/return', label: 'Returns', short: 'Returns', icon: 'undo', right: 'orders' },
	{ to: '/counts', label: 'Counts and holds', short: 'Shelves', icon: 'count', right: 'shelves' },
	{ to: '/settle', label: 'To settle', short: 'Settle', icon: 'check', right: 'settle' },
	{ to: '/top', label: 'Top customers', short: 'Top', icon: 'top', right: 'top' },
	{ to: '/review', label: 'Identity review', short: 'Review', icon: 'merge', right: 'merge' },
	{ to: '/imports', label: 'Imports', short: 'Imports', icon: 'imports', right: 'imports' },
	{ to: '/users', label: 'Users & keys', short: 'Users', icon: 'users', right: 'users' },
	{ to: '/audit', label: 'Who looked', short: 'Audit', icon: 'audit', right: 'audit' },
	{ to: '/status', label: 'Status', short: 'Status', icon: 'status', right: 'status' },
];

export function navOf(role: Role): NavItem[] {
	return NAV.filter((i) => roleMay(role, i.right));
}
/** Which entry stands for this path. */
export function isHere(item: NavItem, path: string): boolean {
	if (item.to === '/') return path === '/' || path.startsWith('/c/');
	if (item.to === '/return' && /^\/o\/[^/]+\/return$/.test(path)) return true;
	return path === item.to || path.startsWith(item.to + '/');
}
