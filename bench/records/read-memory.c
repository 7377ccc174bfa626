/* What memory gives at most: reads so many bytes with two threads, once for each line of its input, and says how long that
   took and how much processor time, in milliseconds. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS = 2, LANES = 32 };
struct part { const uint64_t *words; size_t count; uint64_t sum; };

static double ms(clockid_t clock) {
  struct timespec at;
  clock_gettime(clock, &at);
  return at.tv_sec * 1e3 + at.tv_nsec / 1e6;
}

static void *read_part(void *argument) {
  struct part *part = argument;
  uint64_t sums[LANES] = {0};
  for (size_t at = 0; at + LANES <= part->count; at += LANES)
    for (int lane = 0; lane < LANES; lane++) sums[lane] += part->words[at + lane];
  part->sum = 0;
  for (int lane = 0; lane < LANES; lane++) part->sum += sums[lane];
  return NULL;
}

int main(int count, char **arguments) {
  size_t words = count > 1 ? strtoull(arguments[1], NULL, 10) / sizeof(uint64_t) : 0;
  uint64_t *memory = aligned_alloc(1 << 21, (words * sizeof(uint64_t) + (1 << 21) - 1) & ~(size_t)((1 << 21) - 1));
  if (words == 0 || !memory) return 1;
  memset(memory, 1, words * sizeof(uint64_t));
  char line[16];
  while (fgets(line, sizeof line, stdin)) {
    double wall = ms(CLOCK_MONOTONIC), cpu = ms(CLOCK_PROCESS_CPUTIME_ID);
    pthread_t other;
    struct part parts[THREADS] = {{memory, words / 2, 0}, {memory + words / 2, words - words / 2, 0}};
    pthread_create(&other, NULL, read_part, &parts[1]);
    read_part(&parts[0]);
    pthread_join(other, NULL);
    printf("%f %f %llu\n", ms(CLOCK_MONOTONIC) - wall, ms(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           (unsigned long long)(parts[0].sum + parts[1].sum));
    fflush(stdout);
  }
  return 0;
}
