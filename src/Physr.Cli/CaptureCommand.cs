// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.CommandLine;
using Physr.Pci.Sources;

namespace Physr.Cli;

/// <summary><c>physr capture</c>: keeps what verdicts are made of, so that they can be made elsewhere.</summary>
public static class CaptureCommand
{
    private const int Done = 0;
    private const int BadInput = 2;

    /// <summary>Makes the verb. Exit codes: 0 done, 2 bad input or a file that cannot be written.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("OUT.tar") { Description = "The archive to write; it unpacks to a tree laid out like /." };
        var root = new Option<string>("--root") { Description = "Copy from a capture instead of the live host.", DefaultValueFactory = _ => "/" };
        var force = new Option<bool>("--force") { Description = "Replace an existing file." };
        var command = new Command("capture", "Write the PCI tree of this host to a tar file, for physr p2p --root elsewhere. Needs no root.") { file, root, force };

        // On another thread: Ctrl-C is only turned into a cancellation once the action has returned its task.
        command.SetAction((parsed, cancel) => Task.Run(
            () => Run(
                parsed.GetRequiredValue(file), parsed.GetRequiredValue(root), parsed.GetValue(force),
                parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancel),
            CancellationToken.None));
        return command;
    }

    private static int Run(string file, string root, bool force, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        string target = Path.GetFullPath(file);
        string directory = Path.GetDirectoryName(target) ?? "/";
        string? problem = Path.Exists(target) && (!force || Directory.Exists(target)) ? $"'{file}' is already there; --force replaces a file"
            : !Directory.Exists(directory) ? $"there is no directory '{directory}'"
            : !Directory.Exists(root) ? $"there is no directory '{root}'"
            : null;
        if (problem is not null)
        {
            error.WriteLine($"physr capture: {problem}");
            return BadInput;
        }

        string temporary = Path.Combine(directory, $".{Path.GetFileName(target)}.{Path.GetRandomFileName()}");
        try
        {
            CaptureSummary summary;
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                if (!CaptureArchive.TryWrite(new CaptureRoot(root), stream, out summary, cancel))
                {
                    error.WriteLine($"physr capture: '{root}' has no PCI functions below sys/bus/pci/devices or sys/devices");
                    return BadInput;
                }
            }

            cancel.ThrowIfCancellationRequested();
            File.Move(temporary, target, overwrite: force);
            Report(file, summary, output);
            return Done;
        }
        catch (OperationCanceledException)
        {
            error.WriteLine("physr capture: stopped; nothing was written");
            return BadInput;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"physr capture: '{file}' could not be written: {failure.Message}");
            return BadInput;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static void Report(string file, CaptureSummary summary, TextWriter output)
    {
        output.WriteLine($"{file}: {summary.Functions} PCI functions");
        if (summary.Truncated.Count != 0)
        {
            output.WriteLine($"config of {summary.Truncated.Count} functions could not be read in full, so their ACS is unknown to a reader; run as root for all of it:");
            foreach (string line in summary.Truncated)
            {
                output.WriteLine($"  - {line}");
            }
        }

        foreach (string line in summary.Missing)
        {
            output.WriteLine($"not captured: {line}");
        }
    }
}
