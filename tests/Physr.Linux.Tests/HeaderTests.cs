// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Tests;

/// <summary>Every constant, structure and signature of the interop is what this system's C headers say. All are found by reflection; each part of the interop has its names in C in a table
/// of its own (a static property of type <see cref="HeaderTable"/>, in a file <c>HeaderTests.Part.cs</c>).</summary>
public sealed partial class HeaderTests
{
    private static readonly Type[] s_types = [.. typeof(LibC).Assembly.GetTypes().Where(static type => type.Namespace == typeof(LibC).Namespace)];

    /// <summary>The tables of all parts. Made when asked for: the order of initializers in several files is nobody's.</summary>
    private static HeaderTable[] Tables =>
        [.. typeof(HeaderTests).GetProperties(BindingFlags.NonPublic | BindingFlags.Static).Where(static property => property.PropertyType == typeof(HeaderTable))
            .Select(static property => (HeaderTable)property.GetValue(null)!)];

    private static string Preamble =>
        string.Join('\n', ["#define _GNU_SOURCE", "#include <errno.h>", "#include <stddef.h>", "#include <stdio.h>",
            .. Tables.SelectMany(static table => table.Headers).Distinct(StringComparer.Ordinal).Select(static header => $"#include <{header}>"),
            .. Tables.Select(static table => table.Definitions), "",]);

    [SkippableFact]
    public void ConstantsAreThoseOfTheHeaders()
    {
        Type[] enums = [.. s_types.Where(static type => type.IsEnum)];
        Assert.NotEmpty(enums);
        Prove(Constants(enums));
    }

    [SkippableFact]
    public void ErrorNumbersAreThoseOfTheHeaders()
    {
        StringBuilder program = new(Preamble);
        foreach (Errno errno in Enum.GetValues<Errno>().Where(static errno => errno is not (Errno.None or Errno.ERESTARTSYS)))
        {
            program.AppendLine($"_Static_assert({errno} == {(int)errno}, \"{errno}\");");
        }

        Prove(program.ToString());
    }

    [SkippableFact]
    public void StructuresLieAsTheHeadersHaveThem()
    {
        StringBuilder program = new(Preamble);
        Dictionary<Type, (string Name, string[] Fields)> structures = Tables.SelectMany(static table => table.Structures).ToDictionary();
        foreach (Type type in s_types.Where(static type => type.IsValueType && !type.IsEnum && !type.IsNested).Except(Tables.SelectMany(static table => table.Elsewhere)).Union(structures.Keys))
        {
            Assert.True(structures.TryGetValue(type, out (string Name, string[] Fields) c), $"{type.Name} has no counterpart in C");
            string name = c.Name.EndsWith("_t", StringComparison.Ordinal) || c.Name.Contains(' ') ? c.Name : "struct " + c.Name;
            FieldInfo[] fields = [.. type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance).OrderBy(static field => field.GetCustomAttribute<FieldOffsetAttribute>()!.Value)];
            Assert.Equal(c.Fields.Length, fields.Length);
            program.AppendLine($"_Static_assert(sizeof({name}) == {type.StructLayoutAttribute!.Size}, \"{name}\");");
            foreach ((FieldInfo field, string member) in fields.Zip(c.Fields))
            {
                program.AppendLine($"_Static_assert(offsetof({name}, {member}) == {field.GetCustomAttribute<FieldOffsetAttribute>()!.Value}, \"{name}: {member}\");");
                program.AppendLine($"_Static_assert(sizeof((({name} *)0)->{member}) == {SizeOf(field.FieldType)}, \"{name}: {member}\");");
            }
        }

        Prove(program.ToString());
    }

    [SkippableFact]
    public void SignaturesAreThoseOfTheHeaders()
    {
        StringBuilder program = new(Preamble);
        Dictionary<string, string> prototypes = Tables.SelectMany(static table => table.Prototypes).ToDictionary(StringComparer.Ordinal);
        foreach (MethodInfo method in typeof(LibC).GetMethods(BindingFlags.Public | BindingFlags.Static).Where(static method => !method.IsSpecialName))
        {
            string name = method.GetCustomAttribute<LibraryImportAttribute>()?.EntryPoint ?? method.GetCustomAttribute<DllImportAttribute>()!.EntryPoint!;
            Assert.True(prototypes.TryGetValue(name, out string? prototype), $"{name} has no prototype here");
            program.AppendLine($"extern {prototype};");

            // The parameters as .NET passes them, to that prototype: an int for a pointer or a long for an int is an error.
            string[] sizes = [.. method.GetParameters().Select(static parameter => SizeOf(parameter.ParameterType).ToString())];
            string[] declared = prototype[(prototype.IndexOf('(') + 1)..^1].Split(", ");
            declared = declared is ["void"] ? [] : declared;
            foreach ((string size, string type) in sizes.Zip(declared).Where(static pair => pair.Second != "..."))
            {
                program.AppendLine($"_Static_assert(sizeof({type}) == {size}, \"{name}: {type}\");");
            }

            Assert.True(declared is [.., "..."] || declared.Length == sizes.Length, $"{name} takes {declared.Length} arguments");
            program.AppendLine($"_Static_assert(sizeof({prototype[..prototype.IndexOf(name + "(", StringComparison.Ordinal)]}) == {SizeOf(method.ReturnType)}, \"{name}: result\");");
        }

        Prove(program.ToString());
    }

    [SkippableFact]
    public void AWrongNumberIsFound() => Assert.Contains("MAP_SYNC", CCompiler.Check(Preamble + "_Static_assert(MAP_SYNC == 0x80001, \"MAP_SYNC\");"), StringComparison.Ordinal);

    /// <summary>All that the compiler says is in the message.</summary>
    private static void Prove(string program)
    {
        string errors = CCompiler.Check(program);
        Assert.True(errors.Length == 0, errors);
    }

    private static string Constants(Type[] enums)
    {
        StringBuilder program = new(Preamble);
        HashSet<string> late = new(Tables.SelectMany(static table => table.Late), StringComparer.Ordinal);
        foreach (FieldInfo constant in enums.SelectMany(static type => type.GetFields(BindingFlags.Public | BindingFlags.Static)))
        {
            // Some names come with a later Linux than these headers may be of.
            string assertion = $"_Static_assert((long long)({constant.Name}) == {Convert.ToInt64(constant.GetRawConstantValue())}LL, \"{constant.Name}\");";
            program.AppendLine(late.Contains(constant.Name) ? $"#ifdef {constant.Name}\n{assertion}\n#endif" : assertion);
        }

        return program.ToString();
    }

    private static int SizeOf(Type type) => type switch
    {
        _ when type.IsByRef || type.IsPointer || type.IsFunctionPointer || type == typeof(string) || type == typeof(nint) || type == typeof(nuint) => 8,
        _ when type == typeof(SafeFileHandle) => 4,
        _ when type == typeof(void) => 1,
        _ when type.IsEnum => Marshal.SizeOf(type.GetEnumUnderlyingType()),
        _ => Marshal.SizeOf(type),
    };
}
