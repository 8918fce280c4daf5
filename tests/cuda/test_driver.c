/* Finding NVIDIA's driver, and saying what is wrong with what was found. */
#include "runtime_fixture.h"

#include <sys/wait.h>
#include <unistd.h>

/* Open what the environment names; it must fail with these two in the message. */
static void assert_refused(cc_cuda_state state, const char *cause, const char *remedy)
{
    const cc_cuda_driver *driver = NULL;
    cc_cuda_facts facts;
    cc_error error = {0};

    assert_int_equal(cc_cuda_open(&driver, &error), CC_DEVICE);
    assert_null(driver);
    cc_cuda_facts_get(&facts);
    print_message("%s\n", error.message);
    assert_int_equal(facts.state, state);
    assert_non_null(strstr(error.message, cause));
    assert_non_null(strstr(error.message, remedy));
    assert_non_null(strstr(error.message, facts.problem));
    assert_non_null(strstr(error.message, facts.remedy));
}

static void use_library(const char *path)
{
    cc_cuda_forget();
    setenv("CLEARCUT_LIBCUDA", path, 1);
}

static void no_such_file(void **state)
{
    cc_cuda_facts facts;

    (void)state;
    use_library("/nowhere/libcuda.so.1");
    assert_refused(CC_CUDA_NO_LIBRARY, "/nowhere/libcuda.so.1 cannot be loaded: no such file", "");
    cc_cuda_facts_get(&facts);
    assert_int_equal(facts.attempt_count, 1);
    assert_string_equal(facts.attempts[0].path, "/nowhere/libcuda.so.1");
    assert_false(facts.attempts[0].exists);
    assert_false(facts.attempts[0].loaded);
    assert_string_equal(facts.attempts[0].reason, "no such file");
}

static void no_library_but_text(void **state)
{
    char path[] = "/tmp/clearcut-libcuda-XXXXXX";
    int file = mkstemp(path);
    cc_cuda_facts facts;

    (void)state;
    assert_true(file >= 0);
    assert_int_equal(
        write(file, "no ELF at all, only text, and more than 64 bytes of it, too....", 64), 64);
    close(file);
    use_library(path);
    assert_refused(CC_CUDA_NO_LIBRARY, "invalid ELF header", "the file is there");
    cc_cuda_facts_get(&facts);
    assert_true(facts.attempts[0].exists);
    unlink(path);
}

static void some_other_library(void **state)
{
    cc_cuda_facts facts;

    (void)state;
    use_library("libm.so.6");
    assert_refused(CC_CUDA_NOT_USABLE, "it has no cuInit", "update NVIDIA's driver to 470");
    cc_cuda_facts_get(&facts);
    assert_string_equal(facts.missing_symbol, "cuInit");
    assert_true(facts.attempts[0].loaded);
}

static void a_driver_without_graphs(void **state)
{
    (void)state;
    use_library(CLEARCUT_FAKE_CUDA_OLD);
    assert_refused(CC_CUDA_NOT_USABLE, "it has no cuGraphInstantiateWithFlags",
                   "update NVIDIA's driver to 470");
}

static void the_stub_of_the_toolkit(void **state)
{
    static const char *const stub = "/usr/local/cuda/lib64/stubs/libcuda.so";

    (void)state;
    if (access(stub, R_OK) != 0) {
        print_message("skipped: no toolkit is installed, so its stub library is not here\n");
        skip();
    }
    use_library(stub);
    assert_refused(CC_CUDA_NOT_USABLE, "(34)", "LD_LIBRARY_PATH");
}

static void errors_of_the_start(void **state)
{
    static const struct {
        const char *behaviour;
        cc_cuda_state state;
        const char *cause;
        const char *remedy;
    } cases[] = {
        {"init=100", CC_CUDA_NO_GPU, "CUDA_ERROR_NO_DEVICE (100)", "/dev/nvidia"},
        {"devices=0", CC_CUDA_NO_GPU, "CUDA_ERROR_NO_DEVICE (100)", "/dev/nvidia"},
        {"init=802", CC_CUDA_NOT_USABLE, "(802)", "nvidia-fabricmanager"},
        {"init=803", CC_CUDA_NOT_USABLE, "(803)", "restart the machine"},
        {"init=804", CC_CUDA_NOT_USABLE, "(804)", "cuda-compat"},
        {"init=999", CC_CUDA_NOT_USABLE, "CUDA_ERROR_UNKNOWN (999)", "nvidia-uvm"},
        {"version=11020", CC_CUDA_NOT_USABLE, "it offers CUDA 11.2, and 11.4 is the least",
         "update NVIDIA's driver"},
    };

    (void)state;
    unsetenv("CUDA_VISIBLE_DEVICES");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        use_fake(cases[i].behaviour);
        assert_refused(cases[i].state, cases[i].cause, cases[i].remedy);
    }
    setenv("CUDA_VISIBLE_DEVICES", "", 1);
    use_fake("init=100");
    assert_refused(CC_CUDA_NO_GPU, "(100)", "CUDA_VISIBLE_DEVICES is set");
    unsetenv("CUDA_VISIBLE_DEVICES");
}

/* After a failure the next call looks again; after a success it does not. */
static void a_second_look(void **state)
{
    const cc_cuda_driver *driver = NULL;
    const cc_cuda_driver *again = NULL;

    (void)state;
    use_fake("init=999");
    assert_int_equal(cc_cuda_open(&driver, NULL), CC_DEVICE);
    setenv("FAKE_CUDA", "", 1);
    assert_int_equal(cc_cuda_open(&driver, NULL), CC_OK);
    setenv("FAKE_CUDA", "init=999", 1);
    assert_int_equal(cc_cuda_open(&again, NULL), CC_OK);
    assert_ptr_equal(driver, again);
    assert_int_equal(driver->version, 13000);
}

static void facts_of_a_good_driver(void **state)
{
    const cc_cuda_driver *driver = NULL;
    cc_cuda_facts facts;
    cc_cuda_device_facts device;
    cc_error error = {0};

    (void)state;
    use_fake("version=12040");
    cc_cuda_facts_get(&facts); /* looks by itself */
    assert_int_equal(facts.state, CC_CUDA_READY);
    assert_string_equal(facts.problem, "");
    assert_string_equal(facts.library, CLEARCUT_FAKE_CUDA);
    assert_int_equal(facts.driver_version, 12040);
    assert_int_equal(facts.device_count, 2);
    assert_int_equal(cc_cuda_open(&driver, NULL), CC_OK);
    assert_int_equal(cc_cuda_device_describe(driver, 1, &device, &error), CC_OK);
    assert_string_equal(device.name, "Fake GPU 1");
    assert_string_equal(device.uuid, "GPU-01112131-4151-6171-8191-a1b1c1d1e1f1");
    assert_string_equal(device.pci_bus, "0000:11:00.0");
    assert_int_equal(device.memory_bytes, 4000000000U);
    assert_int_equal(device.compute_major, 8);
    assert_int_equal(device.compute_minor, 0);
    assert_int_equal(device.multiprocessors, 108);
    assert_int_equal(cc_cuda_device_describe(driver, 2, &device, &error), CC_DEVICE);
    assert_non_null(strstr(error.message, "cuda:2 is not there: the driver shows 2 GPUs"));
    assert_int_equal(cc_cuda_device_describe(driver, -1, &device, NULL), CC_DEVICE);
}

static void a_child_after_the_start(void **state)
{
    const cc_cuda_driver *driver = NULL;
    int status = 0;

    (void)state;
    use_fake("");
    assert_int_equal(cc_cuda_open(&driver, NULL), CC_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        cc_error error = {0};
        bool right = cc_cuda_open(&driver, &error) == CC_DEVICE && driver == NULL &&
                     strstr(error.message, "before this process was forked") != NULL;
        _exit(right ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Whatever this machine has, the facts must not contradict themselves. */
static void this_machine(void **state)
{
    cc_cuda_facts facts;

    (void)state;
    cc_cuda_forget();
    unsetenv("CLEARCUT_LIBCUDA");
    cc_cuda_facts_get(&facts);
    assert_true(facts.attempt_count >= 1);
    assert_string_equal(facts.attempts[0].path, "libcuda.so.1");
    if (facts.state == CC_CUDA_READY) {
        assert_true(facts.device_count > 0);
        assert_string_equal(facts.problem, "");
    } else {
        print_message("%s; %s\n", facts.problem, facts.remedy);
        assert_string_not_equal(facts.problem, "");
        assert_string_not_equal(facts.remedy, "");
    }
    for (int i = 0; i < facts.attempt_count; i++) {
        assert_true(facts.attempts[i].loaded == (facts.attempts[i].reason[0] == '\0'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_such_file),
        cmocka_unit_test(no_library_but_text),
        cmocka_unit_test(some_other_library),
        cmocka_unit_test(a_driver_without_graphs),
        cmocka_unit_test(the_stub_of_the_toolkit),
        cmocka_unit_test(errors_of_the_start),
        cmocka_unit_test(a_second_look),
        cmocka_unit_test(facts_of_a_good_driver),
        cmocka_unit_test(a_child_after_the_start),
        cmocka_unit_test(this_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
