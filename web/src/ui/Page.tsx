/* The frame of every screen: title, actions, body; and the three states in which there is nothing to show yet. */
import { Button, Skeleton } from '@mantine/core';
import { useEffect, type ReactNode } from 'react';
import type { Problem } from '../api/client';
import { Icon, type IconName } from './Icon';
import css from './Page.module.css';

export function useTitle(title: string): void {
	useEffect(() => {
		document.title = title ? `${title} · Byname` : 'Byname';
	}, [title]);
}

interface PageProps { title: string; lead?: ReactNode; actions?: ReactNode; children: ReactNode; wide?: boolean }
export function Page({ title, lead, actions, children, wide = false }: PageProps) {
	useTitle(title);
	return (
		<div className={css.page} data-wide={wide}>
			<div className={css.head}>
				<div className={css.titles}>
					<h1 className={css.title}>{title}</h1>
					{lead && <p className={css.lead}>{lead}</p>}
				</div>
				{actions && <div className={css.actions}>{actions}</div>}
			</div>
			{children}
		</div>
	);
}

interface SectionProps {
	title: string;
	aside?: ReactNode;
	children: ReactNode;
	fresh?: boolean;
	className?: string;
	tone?: 'plain' | 'attend';
}
export function Section({ title, aside, children, fresh = false, className = '', tone = 'plain' }: SectionProps) {
	return (
		<section className={`${css.section} ${className}`} data-tone={tone} data-fresh={fresh}>
			<div className={css.sectionHead}>
				<h2 className={css.sectionTitle}>{title}</h2>
				<span role="status">
					{fresh && <span className={css.now}><span className="sr">{title} changed </span>just now</span>}
				</span>
				{aside && <div className={css.aside}>{aside}</div>}
			</div>
			{children}
		</section>
	);
}

export function Empty({ icon, title, children }: { icon?: IconName; title: string; children?: ReactNode }) {
	return (
		<div className={css.empty}>
			{icon && <Icon name={icon} size={28} />}
			<p className={css.emptyTitle}>{title}</p>
			{children && <div className={css.emptyText}>{children}</div>}
		</div>
	);
}

/** What failed, and what to do about it. */
export function Failed({ problem, retry }: { problem: Problem; retry: () => void }) {
	const title =
		problem.status === 404 ? 'This is not here' : problem.status === 403 ? 'Your role does not cover this' : 'This could not be loaded';
	return (
		<div className={css.empty} role="alert">
			<Icon name={problem.offline ? 'offline' : 'open'} size={28} />
			<p className={css.emptyTitle}>{title}</p>
			<p className={css.emptyText}>{problem.message}</p>
			{problem.status !== 403 && (
				<Button variant="default" mt="sm" onClick={retry}>
					Try again
				</Button>
			)}
		</div>
	);
}

/** The rough shape of what is coming. */
export function Bones({ rows = 4, height = 56 }: { rows?: number; height?: number }) {
	return (
		<div className={css.bones} aria-busy="true">
			<span className="sr" role="status">Loading</span>
			{Array.from({ length: rows }, (_, i) => (
				<Skeleton key={i} height={height} radius="md" />
			))}
		</div>
	);
}

/** data, or bones, or what went wrong. */
export function Loaded<T>({
	from, bones, children,
}: {
	from: { data: T | undefined; problem: Problem | null; reload: () => Promise<void> };
	bones?: ReactNode;
	children: (data: T) => ReactNode;
}) {
	if (from.data !== undefined) return children(from.data);
	if (from.problem) return <Failed problem={from.problem} retry={() => void from.reload()} />;
	return bones ?? <Bones />;
}

export function More({ more, busy, failed }: { more: (() => void) | null; busy: boolean; failed: string }) {
	if (!more) return null;
	return (
		<div className={css.more}>
			{failed && <p role="alert" className={css.bad}>{failed}</p>}
			<Button variant="default" onClick={more} disabled={busy}>
				{busy ? 'Loading…' : 'Show more'}
			</Button>
		</div>
	);
}
