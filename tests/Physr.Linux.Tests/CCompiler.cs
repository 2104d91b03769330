// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;

namespace Physr.Linux.Tests;

/// <summary>The C compiler and this system's headers; where they are missing tests are skipped, in CI they fail.</summary>
internal static class CCompiler
{
    private const string Program = "/usr/bin/cc";

    /// <summary>What the compiler says against a program: nothing where it is right.</summary>
    public static string Check(string program)
    {
        bool isThere = File.Exists(Program);
        Assert.False(!isThere && Environment.GetEnvironmentVariable("CI") == "true", "a C compiler (/usr/bin/cc) is not installed");
        Skip.IfNot(isThere, "a C compiler (/usr/bin/cc) is not installed");
        using Process compiler = Process.Start(new ProcessStartInfo(Program, ["-fsyntax-only", "-std=gnu11", "-x", "c", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        compiler.StandardInput.Write(program);
        compiler.StandardInput.Close();
        string errors = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        return compiler.ExitCode == 0 ? "" : errors;
    }
}
