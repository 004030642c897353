/* Our own icons: 24 × 24, one stroke. Decoration only: words stand beside them, or the control has a label. */
const PATHS = {
	find: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.5 15.5 20.5 20.5',
	top: 'M4 20V11M10 20V4M16 20v-6M21 20H3',
	imports: 'M12 3v11M7.5 10 12 14.5 16.5 10M4 16v3.5A1.5 1.5 0 0 0 5.5 21h13a1.5 1.5 0 0 0 1.5-1.5V16',
	letter: 'M3.5 6h17v12h-17zM4 6.5l8 6.5 8-6.5',
	users: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.4-3.6 3-5.5 6.5-5.500s6.1 1.9 6.5 5.500M16 4.300a3.5 3.5 0 0 1 0 6.400M18 14.900c2 .7 3.3 2.4 3.5 5.1',
	key: 'M8 20a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM11.2 12.3 20 3.500M16.5 7l3 3M14 9.500l1.5 1.5',
	audit: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
	status: 'M3 12.500h4l2.5-7 4.5 13 2.5-6H21',
	sun: 'M12 16.500a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM12 2v2M12 20v2M2 12h2M20 12h2M4.9 4.900l1.4 1.400M17.7 17.700l1.4 1.400M19.1 4.900l-1.4 1.400M6.3 17.700l-1.4 1.4',
	moon: 'M20 14.500A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.500Z',
	device: 'M4 4.500h16v11H4zM9 20h6M12 15.500V20',
	out: 'M14 4H5.500A1.5 1.5 0 0 0 4 5.500v13A1.5 1.5 0 0 0 5.5 20H14M10 12h11M17 8l4 4-4 4',
	more: 'M5 12h.01M12 12h.01M19 12h.01',
	back: 'M15 5l-7 7 7 7',
	next: 'M9 5l7 7-7 7',
	down: 'M5 9l7 7 7-7',
	close: 'M6 6l12 12M18 6 6 18',
	check: 'M4.5 12.500l5 5 10-11',
	edit: 'M4 20l1-4.500L16 4.500l3.500 3.500L8.500 19zM13.500 7l3.500 3.500',
	note: 'M5 4h14v11l-5 5H5zM14 20v-5h5M8.5 8.500h7M8.5 12h4',
	speak: 'M4 9.500v5h3.500L12 18.500v-13L7.5 9.500zM15.5 9a4 4 0 0 1 0 6M18 6.500a7.5 7.5 0 0 1 0 11',
	hush: 'M4 9.500v5h3.500L12 18.500v-13L7.5 9.500zM16 9.500l5 5M21 9.500l-5 5',
	open: 'M12 3 2.5 20h19zM12 10v4.500M12 17.300v.01',
	gift: 'M4 11h16v9.500H4zM3 7h18v4H3zM12 7v13.500M12 7S10.5 2.5 8 3.5 8.5 7 12 7ZM12 7s1.5-4.5 4-3.500S15.5 7 12 7Z',
	store: 'M4 10v10h16V10M3 10l2-6h14l2 6M3 10a3 3 0 0 0 6 0 3 3 0 0 0 6 0 3 3 0 0 0 6 0M10 20v-5h4v5',
	web: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM3 12h18M12 3c3 3 3.5 6 3.5 9S15 18 12 21c-3-3-3.5-6-3.5-9S9 6 12 3Z',
	app: 'M7 2.500h10v19H7zM11 18.500h2',
	phone: 'M6 3.500h3.500L11 8 8.5 10c1 2.3 3.2 4.5 5.5 5.500l2-2.5 4.5 1.500V18c0 1.5-1 2.5-2.5 2.500C10.5 20.5 3.5 13.5 3.5 6 3.5 4.5 4.5 3.5 6 3.500Z',
	email: 'M3.5 6h17v12h-17zM4 6.500l8 6.5 8-6.5',
	chat: 'M4 4.500h16v11.500h-8.500L7 20v-4H4z',
	social: 'M12 20.500S3.5 15.5 3.5 9.500A4.5 4.5 0 0 1 12 7.500a4.5 4.5 0 0 1 8.5 2c0 6-8.5 11-8.5 11Z',
	survey: 'M5 3.500h14v17H5zM8.5 8.500l1.5 1.5 3-3M8.5 15h7',
	post: 'M3.5 6h17v12h-17zM14 6v5h6.500M6.5 14h5',
	home: 'M4 11.5 12 4.500l8 7V20h-5.500v-5h-5v5H4z',
	merge: 'M6 4v4c0 4 6 4 6 8v4M18 4v4c0 4-6 4-6 8M9 17.500l3 3 3-3',
	split: 'M12 20v-4c0-4-6-4-6-8V4M12 16c0-4 6-4 6-8V4M3 6.5 6 3.500l3 3M15 6.500l3-3 3 3',
	undo: 'M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-4',
	copy: 'M8.5 8.500h12v12h-12zM15.5 8.500v-5h-12v12h5',
	offline: 'M3 3l18 18M5 12.500a10 10 0 0 1 3.5-2.300M12 9.500a10 10 0 0 1 7 3M8.5 16a5 5 0 0 1 5.5-1M12 19.500v.01M2 9a14 14 0 0 1 4-2.700M10.5 5.100A14 14 0 0 1 22 9',
	plus: 'M12 4.500v15M4.5 12h15',
	minus: 'M4.5 12h15',
	bag: 'M5 8h14l1 12.500H4zM8.5 8V6.500a3.5 3.5 0 0 1 7 0V8',
	queue: 'M4 5.500l1.500 1.500L8 4.500M4 12l1.500 1.500L8 11M4 18.500 5.500 20 8 17.500M11.500 6h9M11.500 12.500h9M11.500 19h9',
	stock: 'M3.500 8 12 3.500 20.500 8v8.500L12 20.500l-8.500-4zM3.500 8l8.500 4 8.500-4M12 12v8.500',
	count: 'M5 5v14M8.500 5v14M12 5v14M15.500 5v14M3.500 15.500 18.500 8.500M20.500 5v14',
	truck: 'M2.500 6h11v10.500h-11zM13.500 10h4l3.500 3.500v3h-7.500M7 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM17 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
	clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5.500l3.500 2',
	camera: 'M4 7.500h3.500L9 5h6l1.500 2.500H20v11.500H4zM12 16.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Z',
	scan: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M7.500 8.500v7M10.500 8.500v7M13.500 8.500v7M16.500 8.500v7',
	cash: 'M3 6.500h18v11H3zM12 14.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM6 9.500v.01M18 14.500v.01',
	trash: 'M4 6.500h16M9 6.500V4h6v2.500M6.5 6.500l1 14h9l1-14M10 10.500v6M14 10.500v6',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
	return (
		<svg
			width={size}
			height={size}
			viewBox="0 0 24 24"
			fill="none"
			stroke="currentColor"
			strokeWidth={name === 'more' ? 3 : 1.8}
			strokeLinecap="round"
			strokeLinejoin="round"
			aria-hidden="true"
			focusable="false"
			style={{ flex: 'none' }}
		>
			<path d={PATHS[name]} />
		</svg>
	);
}

const CHANNELS = new Set(['store', 'web', 'app', 'phone', 'email', 'chat', 'social', 'survey', 'post']);
export function channelIcon(channel: string): IconName {
	return CHANNELS.has(channel) ? (channel as IconName) : channel === 'sms' ? 'chat' : 'note';
}
export const CHANNEL_NAMES: Record<string, string> = {
	store: 'Store', web: 'Web shop', app: 'App', phone: 'Phone', email: 'E-mail', chat: 'Chat', social: 'Social media',
	survey: 'Survey', post: 'Post', sms: 'Text message',
};
export function channelName(channel: string): string {
	return CHANNEL_NAMES[channel] ?? channel;
}
