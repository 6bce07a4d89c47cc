import type { PostgresBinaries } from './postgres-binaries.ts';

/** Modest settings for a laptop. Durability stays at PostgreSQL's defaults: fsync and synchronous_commit are on. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
  wal_compression: 'on',
  // Compiling a query would take longer than running it.
  jit: 'off',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_line_prefix: '%m [%p] %q%a@%d ',
};

/** The extension needs one worker per database, in addition to PostgreSQL's own. */
const TIMESCALE_SETTINGS: Record<string, string> = {
  shared_preload_libraries: 'timescaledb',
  'timescaledb.telemetry_level': 'off',
  'timescaledb.max_background_workers': '16',
  max_worker_processes: '32',
};

/** The command line of a postmaster. `settings` override the defaults. */
export function postgresCommand(options: {
  binaries: PostgresBinaries;
  clusterDir: string;
  port: number;
  settings: Record<string, string>;
}): { program: string; args: string[] } {
  const { binaries, clusterDir, port } = options;
  const { timescale } = binaries;
  const timescaleSettings =
    timescale === null
      ? {}
      : {
          ...TIMESCALE_SETTINGS,
          dynamic_library_path: `$libdir:${timescale.moduleDir}`,
          extension_control_path: `$system:${timescale.shareDir}`,
        };
  const settings = { ...SETTINGS, ...timescaleSettings, ...options.settings, port: String(port) };
  const args = ['-D', clusterDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  if (timescale === null) return { program: binaries.postgres, args };
  // The extension may need a newer C library than the system has, so the whole server runs on that one.
  return { program: timescale.loader, args: ['--library-path', timescale.libraryDir, binaries.postgres, ...args] };
}
