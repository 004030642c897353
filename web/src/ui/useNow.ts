import { useEffect, useState } from 'react';

/** The time, told again every so often: for clocks on screen. */
export function useNow(everyMs = 20_000): number {
	const [now, setNow] = useState(Date.now);
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), everyMs);
		return () => clearInterval(timer);
	}, [everyMs]);
	return now;
}
