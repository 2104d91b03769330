// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Tracing;

namespace Physr.Cli;

/// <summary>Checks a trace and tells what was found.</summary>
internal static class TraceCheckVerb
{
    private const int FileBuffer = 1 << 16;

    internal static int Run(TraceCheckOptions options, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        if (options.Root is not null && !Directory.Exists(options.Root))
        {
            return Refuse(error, $"there is no directory '{options.Root}'");
        }

        DmaTraceResult result;
        try
        {
            // A read of a pipe that nothing comes through cannot be stopped, only left behind.
            result = Task.Run(() => Check(options, cancel), cancel).WaitAsync(cancel).GetAwaiter().GetResult();
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return Refuse(error, $"there is no file '{options.File}'");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Refuse(error, Directory.Exists(options.File) ? $"'{options.File}' is a directory" : failure.Message);
        }

        if (FindFault(options, result) is { } fault)
        {
            return Refuse(error, fault);
        }

        if (options.IsJson)
        {
            TraceCheckJson.Write(output, result);
        }
        else
        {
            TraceCheckText.Write(output, result, options);
        }

        return result.IsClean ? ExitCode.Success : ExitCode.Failure;
    }

    private static DmaTraceResult Check(TraceCheckOptions options, CancellationToken cancel)
    {
        using Stream stream = Open(options.File);
        return DmaTraceChecker.Check(stream, OptionsOf(options), cancel);
    }

    private static Stream Open(string file) => file == "-"
        ? Console.OpenStandardInput()
        : new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileBuffer, FileOptions.SequentialScan);

    private static DmaTraceCheckOptions OptionsOf(TraceCheckOptions options) => new()
    {
        IsStrict = options.IsStrict,
        KeepsAll = options.ListsAll,
        Driver = options.Driver,
        DriverOf = options.Root is { } root ? name => SysfsDrivers.Find(root, name) : null,
    };

    private static string? FindFault(TraceCheckOptions options, DmaTraceResult result)
    {
        string name = options.File == "-" ? "the standard input" : $"'{options.File}'";
        if (result.EventCount == 0 && result.OtherEvents == 0 && result.Losses == 0)
        {
            string first = result.Problems.Count == 0 ? "it is empty" : $"line {result.Problems[0].Line}: {result.Problems[0].Problem}";
            return $"{name} is no trace: {first}";
        }

        if (result.EventCount == 0)
        {
            return $"{name} has {result.OtherEvents} events, none of the DMA API; record with trace-cmd record -e dma";
        }

        return options.Driver is { } driver && !result.Drivers.Contains(driver, StringComparer.Ordinal)
            ? $"no device of {name} is known to be driven by '{driver}' (known: {(result.Drivers.Count == 0 ? "none" : string.Join(", ", result.Drivers))}); say where sysfs is with --root"
            : null;
    }

    private static int Refuse(TextWriter error, string problem)
    {
        error.WriteLine($"physr trace check: {problem}");
        return ExitCode.BadInput;
    }
}
