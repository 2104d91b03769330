// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Tests;

/// <summary>Every constant, structure and signature of the interop is what this system's C headers say. All are found by reflection.</summary>
public sealed class HeaderTests
{
    private const string Headers = """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <stddef.h>
        #include <stdio.h>
        #include <unistd.h>
        #include <sys/mman.h>
        #include <sys/stat.h>
        #include <sys/vfs.h>
        #include <linux/falloc.h>
        #include <linux/magic.h>

        """;

    /// <summary>Each structure's name in C, and its fields' in the order of the offsets.</summary>
    private static readonly Dictionary<Type, (string Name, string[] Fields)> s_structures = new()
    {
        [typeof(FileLock)] = ("flock", ["l_type", "l_whence", "l_start", "l_len", "l_pid"]),
        [typeof(StatxRecord)] = ("statx", ["stx_attributes", "stx_mode", "stx_size", "stx_blocks"]),
        [typeof(FileSystemRecord)] = ("statfs", ["f_type", "f_bsize", "f_bavail"]),
    };

    /// <summary>Each function's prototype, declared once more: the compiler refuses what differs from the header.</summary>
    private static readonly Dictionary<string, string> s_prototypes = new(StringComparer.Ordinal)
    {
        ["openat"] = "int openat(int, const char *, int, ...)",
        ["fcntl"] = "int fcntl(int, int, ...)",
        ["unlinkat"] = "int unlinkat(int, const char *, int)",
        ["statx"] = "int statx(int, const char *, int, unsigned int, struct statx *)",
        ["fstatfs"] = "int fstatfs(int, struct statfs *)",
        ["fallocate"] = "int fallocate(int, int, long, long)",
        ["fsync"] = "int fsync(int)",
        ["memfd_create"] = "int memfd_create(const char *, unsigned int)",
        ["mmap"] = "void *mmap(void *, unsigned long, int, int, int, long)",
        ["munmap"] = "int munmap(void *, unsigned long)",
        ["msync"] = "int msync(void *, unsigned long, int)",
        ["madvise"] = "int madvise(void *, unsigned long, int)",
        ["mlock"] = "int mlock(const void *, unsigned long)",
    };

    private static readonly HashSet<string> s_late = new(["MADV_POPULATE_READ", "MADV_POPULATE_WRITE", "FALLOC_FL_ALLOCATE_RANGE", "F2FS_SUPER_MAGIC"], StringComparer.Ordinal);

    private static readonly Type[] s_types = [.. typeof(LibC).Assembly.GetTypes().Where(static type => type.Namespace == typeof(LibC).Namespace)];

    [SkippableFact]
    public void ConstantsAreThoseOfTheHeaders()
    {
        Type[] enums = [.. s_types.Where(static type => type.IsEnum)];
        Assert.NotEmpty(enums);
        Assert.Equal("", CCompiler.Check(Constants(enums)));
    }

    [SkippableFact]
    public void ErrorNumbersAreThoseOfTheHeaders()
    {
        StringBuilder program = new(Headers);
        foreach (Errno errno in Enum.GetValues<Errno>().Where(static errno => errno is not (Errno.None or Errno.ERESTARTSYS)))
        {
            program.AppendLine($"_Static_assert({errno} == {(int)errno}, \"{errno}\");");
        }

        Assert.Equal("", CCompiler.Check(program.ToString()));
    }

    [SkippableFact]
    public void StructuresLieAsTheHeadersHaveThem()
    {
        StringBuilder program = new(Headers);
        foreach (Type type in s_types.Where(static type => type.IsValueType && !type.IsEnum))
        {
            Assert.True(s_structures.TryGetValue(type, out (string Name, string[] Fields) c), $"{type.Name} has no counterpart in C");
            FieldInfo[] fields = [.. type.GetFields().OrderBy(static field => field.GetCustomAttribute<FieldOffsetAttribute>()!.Value)];
            Assert.Equal(c.Fields.Length, fields.Length);
            program.AppendLine($"_Static_assert(sizeof(struct {c.Name}) == {type.StructLayoutAttribute!.Size}, \"{c.Name}\");");
            foreach ((FieldInfo field, string name) in fields.Zip(c.Fields))
            {
                program.AppendLine($"_Static_assert(offsetof(struct {c.Name}, {name}) == {field.GetCustomAttribute<FieldOffsetAttribute>()!.Value}, \"{name}\");");
                program.AppendLine($"_Static_assert(sizeof((({"struct " + c.Name} *)0)->{name}) == {SizeOf(field.FieldType)}, \"{name}\");");
            }
        }

        Assert.Equal("", CCompiler.Check(program.ToString()));
    }

    [SkippableFact]
    public void SignaturesAreThoseOfTheHeaders()
    {
        StringBuilder program = new(Headers);
        foreach (MethodInfo method in typeof(LibC).GetMethods(BindingFlags.Public | BindingFlags.Static).Where(static method => !method.IsSpecialName))
        {
            string name = EntryPoint(method);
            Assert.True(s_prototypes.TryGetValue(name, out string? prototype), $"{name} has no prototype here");
            program.AppendLine($"extern {prototype};");

            // The parameters as .NET passes them, to that prototype: an int for a pointer or a long for an int is an error.
            string[] sizes = [.. method.GetParameters().Select(static parameter => SizeOf(parameter.ParameterType).ToString())];
            string[] declared = prototype[(prototype.IndexOf('(') + 1)..^1].Split(", ");
            foreach ((string size, string type) in sizes.Zip(declared).Where(static pair => pair.Second != "..."))
            {
                program.AppendLine($"_Static_assert(sizeof({type}) == {size}, \"{name}: {type}\");");
            }

            Assert.True(declared[^1] == "..." || declared.Length == sizes.Length, $"{name} takes {declared.Length} arguments");
            program.AppendLine($"_Static_assert(sizeof({prototype[..prototype.IndexOf(name + "(", StringComparison.Ordinal)]}) == {SizeOf(method.ReturnType)}, \"{name}: result\");");
        }

        Assert.Equal("", CCompiler.Check(program.ToString()));
    }

    [SkippableFact]
    public void AWrongNumberIsFound() => Assert.Contains("MAP_SYNC", CCompiler.Check(Headers + "_Static_assert(MAP_SYNC == 0x80001, \"MAP_SYNC\");"), StringComparison.Ordinal);

    private static string Constants(Type[] enums)
    {
        StringBuilder program = new(Headers);
        foreach (FieldInfo constant in enums.SelectMany(static type => type.GetFields(BindingFlags.Public | BindingFlags.Static)))
        {
            // Some names come with a later Linux than these headers may be of.
            string assertion = $"_Static_assert((long long)({constant.Name}) == {Convert.ToInt64(constant.GetRawConstantValue())}LL, \"{constant.Name}\");";
            program.AppendLine(s_late.Contains(constant.Name) ? $"#ifdef {constant.Name}\n{assertion}\n#endif" : assertion);
        }

        return program.ToString();
    }

    private static string EntryPoint(MethodInfo method) => method.GetCustomAttribute<LibraryImportAttribute>()?.EntryPoint ?? method.GetCustomAttribute<DllImportAttribute>()?.EntryPoint ?? ToSnake(method.Name);

    private static string ToSnake(string name) => name switch
    {
        nameof(LibC.OpenAt) => "openat",
        nameof(LibC.UnlinkAt) => "unlinkat",
        nameof(LibC.MemfdCreate) => "memfd_create",
        _ => name.ToLowerInvariant(),
    };

    private static int SizeOf(Type type) => type switch
    {
        _ when type.IsByRef || type == typeof(string) || type == typeof(nint) || type == typeof(nuint) => 8,
        _ when type == typeof(SafeFileHandle) => 4,
        _ when type.IsEnum => Marshal.SizeOf(type.GetEnumUnderlyingType()),
        _ => Marshal.SizeOf(type),
    };
}
