// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Physr.Bench;

/// <summary>A rival written in C for this project (<c>native/NAME.c</c>), compiled by gcc when a bench runs: as a shared library, whose functions take turns with ours in
/// one process, or as a program, which prints its figures. Dispose it to delete what was compiled.</summary>
internal sealed class NativeBaseline : IDisposable
{
    private readonly string _folder;
    private nint _library;

    private NativeBaseline(string folder) => _folder = folder;

    private string LibraryPath => Path.Combine(_folder, "baseline.so");

    private string ProgramPath => Path.Combine(_folder, "baseline");

    /// <summary>Compiles <c>native/NAME.c</c>, which lies beside this program, with <c>gcc -O2</c> into a new folder of its own.</summary>
    /// <param name="name">The file's name without <c>.c</c>.</param>
    /// <param name="asProgram">A program; otherwise a shared library.</param>
    /// <param name="why">Why it could not be compiled, for <see cref="RatioTable.Skip"/>: no gcc, or its first complaint. Empty on success.</param>
    /// <param name="flags">More options, which win over <c>-O2</c>.</param>
    /// <returns>Null when it could not be compiled.</returns>
    public static NativeBaseline? TryCompile(string name, bool asProgram, out string why, params string[] flags)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "native", name + ".c");
        NativeBaseline baseline = new(Directory.CreateTempSubdirectory("physr-bench-").FullName);
        string[] kind = asProgram ? ["-o", baseline.ProgramPath] : ["-shared", "-fPIC", "-o", baseline.LibraryPath];
        try
        {
            why = Execute("gcc", ["-O2", "-std=gnu11", "-Wall", .. flags, .. kind, source, "-lpthread"], out _);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            why = "no gcc on this machine";
        }

        if (why.Length == 0)
        {
            return baseline;
        }

        baseline.Dispose();
        return null;
    }

    /// <summary>The address of a function of the shared library, for a <c>delegate* unmanaged</c>. Valid until disposal.</summary>
    /// <exception cref="EntryPointNotFoundException">The library has no such function.</exception>
    public nint Export(string function)
    {
        if (_library == 0)
        {
            _library = NativeLibrary.Load(LibraryPath);
        }

        return NativeLibrary.GetExport(_library, function);
    }

    /// <summary>Runs the program and reads its figures: each line of its output that is a name, a space and a number.</summary>
    /// <exception cref="InvalidOperationException">It failed; with what it complained of.</exception>
    public Dictionary<string, double> Run(params string[] arguments)
    {
        string complaint = Execute(ProgramPath, arguments, out string output);
        if (complaint.Length != 0)
        {
            throw new InvalidOperationException(complaint);
        }

        Dictionary<string, double> figures = new(StringComparer.Ordinal);
        foreach (string line in output.Split('\n'))
        {
            int space = line.LastIndexOf(' ');
            if (space > 0 && double.TryParse(line.AsSpan(space + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double figure))
            {
                figures[line[..space].Trim()] = figure;
            }
        }

        return figures;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_library != 0)
        {
            NativeLibrary.Free(_library);
            _library = 0;
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Runs a program to its end; gives its first complaint when it failed, and nothing otherwise.</summary>
    private static string Execute(string program, string[] arguments, out string output)
    {
        ProcessStartInfo start = new(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = new() { StartInfo = start };
        process.Start();
        Task<string> complaints = process.StandardError.ReadToEndAsync();
        output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string? first = Array.Find(complaints.Result.Split('\n'), line => line.Contains("error", StringComparison.OrdinalIgnoreCase));
        return process.ExitCode == 0 ? "" : $"{Path.GetFileName(program)} ended with {process.ExitCode}: {first}";
    }
}
