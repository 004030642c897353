/* Who is signed in, and what that role may do (the end of docs/api.md). */
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { api, Problem, setCsrf, whenSignedOut } from './client';
import { liveStart, liveStop } from './live';
import type { Me, Role } from './types';
import { forgetData } from './useData';

export type Right = 'serve' | 'orders' | 'stock' | 'shelves' | 'adjust' | 'levels' | 'settle' | 'merge' | 'top' | 'imports' | 'users' | 'audit' | 'status';

const MAY: Record<Right, readonly Role[]> = {
	serve: ['associate', 'agent', 'manager', 'admin'],
	orders: ['associate', 'agent', 'manager', 'fulfilment', 'admin'],
	stock: ['associate', 'agent', 'manager', 'fulfilment', 'buyer', 'admin'],
	shelves: ['associate', 'manager', 'fulfilment', 'admin'],
	adjust: ['manager', 'fulfilment', 'admin'],
	levels: ['manager', 'fulfilment', 'buyer', 'admin'],
	settle: ['agent', 'manager', 'admin'],
	merge: ['agent', 'manager', 'admin'],
	top: ['manager', 'marketer', 'buyer', 'analyst', 'admin'],
	imports: ['operator', 'admin'],
	users: ['admin'],
	audit: ['privacy', 'admin'],
	status: ['operator', 'admin'],
};

export function roleMay(role: Role, right: Right): boolean {
	return MAY[right].includes(role);
}

interface Session {
	me: Me | null;
	/** undefined while it is being asked. */
	known: boolean;
	/** The server could not be asked at all. */
	unreachable: boolean;
	/** The session ended by itself, not by signing out. */
	expired: boolean;
	begin: (me: Me) => void;
	signOut: () => Promise<void>;
	retry: () => void;
}

/* Only that somebody was signed in on this device: without it there is no need to ask who. */
const WAS = 'byname.signed-in';
function noteSignedIn(is: boolean): void {
	try {
		if (is) localStorage.setItem(WAS, '1');
		else localStorage.removeItem(WAS);
	} catch {
		/* then it is asked each time */
	}
}
function maybeSignedIn(): boolean {
	try {
		return localStorage.getItem(WAS) !== null;
	} catch {
		return true;
	}
}

const Context = createContext<Session | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
	const [me, setMe] = useState<Me | null>(null);
	const [known, setKnown] = useState(false);
	const [unreachable, setUnreachable] = useState(false);
	const [expired, setExpired] = useState(false);

	const begin = useCallback((m: Me) => {
		setCsrf(m.csrf);
		noteSignedIn(true);
		setMe(m);
		setKnown(true);
		setExpired(false);
		liveStart();
	}, []);
	const end = useCallback((byItself: boolean) => {
		liveStop();
		forgetData();
		forgetOnSignOut.forEach((fn) => fn());
		setCsrf('');
		noteSignedIn(false);
		setKnown(true);
		setMe(null);
		setExpired(byItself);
	}, []);
	const retry = useCallback(() => {
		setUnreachable(false);
		if (!maybeSignedIn()) {
			setKnown(true);
			return;
		}
		api.ask<Me>('GET', 'me')
			.then(begin)
			.catch((e) => {
				if (e instanceof Problem && e.status !== 401) setUnreachable(true);
				else {
					noteSignedIn(false);
					setKnown(true);
				}
			});
	}, [begin]);

	useEffect(() => {
		whenSignedOut(() => end(true));
		retry();
	}, [end, retry]);

	const signOut = useCallback(async () => {
		await Promise.allSettled([...beforeSignOut].map((fn) => fn()));
		try {
			await api.post('sign-out');
		} finally {
			end(false);
		}
	}, [end]);

	const value = useMemo(
		() => ({ me, known, unreachable, expired, begin, signOut, retry }),
		[me, known, unreachable, expired, begin, signOut, retry],
	);
	return <Context value={value}>{children}</Context>;
}

/** What must still be sent while the session lasts. */
export const beforeSignOut = new Set<() => Promise<unknown>>();

/** What must be forgotten when somebody signs out (last looked at, open toasts, …). */
export const forgetOnSignOut = new Set<() => void>();

export function useSession(): Session {
	const s = use(Context);
	if (!s) throw new Error('no session');
	return s;
}
export function useMe(): Me {
	const { me } = useSession();
	if (!me) throw new Error('not signed in');
	return me;
}
export function useMay(right: Right): boolean {
	const { me } = useSession();
	return me !== null && roleMay(me.user.role, right);
}
