#include "core/cpu.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t detect_once = PTHREAD_ONCE_INIT;
static cc_cpu detected;
static char model_name[128] = "unknown processor";

static const struct {
    const char *name;
    cc_cpu_level level;
} level_names[] = {
    {"scalar", CC_CPU_SCALAR}, {"sse4", CC_CPU_SSE4}, {"avx2", CC_CPU_AVX2},
    {"avx512", CC_CPU_AVX512}, {"neon", CC_CPU_NEON},
};

#define LEVEL_COUNT (sizeof level_names / sizeof level_names[0])

const char *cc_cpu_level_name(cc_cpu_level level)
{
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (level_names[i].level == level) {
            return level_names[i].name;
        }
    }
    return "unknown";
}

#if defined(__x86_64__)
#include <cpuid.h>

static void detect_hardware(cc_cpu *cpu)
{
    /* The compiler's run-time check also asks whether the operating system
     * saves the wide registers. */
    __builtin_cpu_init();
    cpu->level = CC_CPU_SCALAR;
    if (__builtin_cpu_supports("sse4.2")) {
        cpu->level = CC_CPU_SSE4;
    }
    if (cpu->level == CC_CPU_SSE4 && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("fma")) {
        cpu->level = CC_CPU_AVX2;
    }
    if (cpu->level == CC_CPU_AVX2 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        cpu->level = CC_CPU_AVX512;
    }
    if (cpu->level == CC_CPU_AVX512) {
        unsigned a;
        unsigned b;
        unsigned c;
        unsigned d;
        cpu->avx512_vnni = __builtin_cpu_supports("avx512vnni") != 0;
        if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) {
            cpu->avx512_bf16 = (a >> 5 & 1u) != 0; /* CPUID 7.1 EAX bit 5 */
        }
        if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
            cpu->amx_bf16 = (d >> 22 & 1u) != 0; /* CPUID 7.0 EDX bit 22 */
            cpu->amx_int8 = (d >> 25 & 1u) != 0; /* CPUID 7.0 EDX bit 25 */
        }
    }
}
#elif defined(__aarch64__)
static void detect_hardware(cc_cpu *cpu)
{
    cpu->level = CC_CPU_NEON; /* part of the base architecture */
}
#else
static void detect_hardware(cc_cpu *cpu)
{
    cpu->level = CC_CPU_SCALAR;
}
#endif

static void lower_by_environment(cc_cpu *cpu)
{
    const char *wish = getenv("CLEARCUT_CPU");

    for (size_t i = 0; wish != NULL && i < LEVEL_COUNT; i++) {
        bool same_family = (level_names[i].level == CC_CPU_NEON) == (cpu->level == CC_CPU_NEON) ||
                           level_names[i].level == CC_CPU_SCALAR;
        if (strcmp(wish, level_names[i].name) == 0 && same_family &&
            level_names[i].level <= cpu->level) {
            memset(cpu, 0, sizeof *cpu);
            cpu->level = level_names[i].level;
        }
    }
}

static void read_model_name(void)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "re");

    if (file == NULL) {
        return;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            colon += strspn(colon + 1, " ") + 1;
            colon[strcspn(colon, "\n")] = '\0';
            snprintf(model_name, sizeof model_name, "%s", colon);
            break;
        }
    }
    fclose(file);
}

static void detect(void)
{
    detect_hardware(&detected);
    lower_by_environment(&detected);
    read_model_name();
}

const cc_cpu *cc_cpu_detect(void)
{
    pthread_once(&detect_once, detect);
    return &detected;
}

const char *cc_cpu_model_name(void)
{
    pthread_once(&detect_once, detect);
    return model_name;
}
