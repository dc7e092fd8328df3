import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Files that run at the same time would empty the deployment for each other.
  test: { globalSetup: './deployment.js', fileParallelism: false },
});
