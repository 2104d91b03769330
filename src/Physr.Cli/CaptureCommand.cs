// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.CommandLine;
using Physr.Pci.Sources;

namespace Physr.Cli;

/// <summary><c>physr capture</c>: keeps what verdicts are made of, so that they can be made elsewhere.</summary>
public static class CaptureCommand
{
    /// <summary>Makes the verb. Exit codes: 0 done, 2 bad input or a file that cannot be written, 130 interrupted.</summary>
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
        if (!CaptureCommandTarget.TryFind(file, force, out CaptureCommandTarget target, out string problem) || !TryFindRoot(root, out problem))
        {
            error.WriteLine($"physr capture: {problem}");
            return ExitCode.BadInput;
        }

        string temporary = Path.Combine(target.Directory, $".physr-capture.{Path.GetRandomFileName()}");
        bool isMade = false;
        try
        {
            CaptureSummary summary;
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                isMade = true;
                var source = new CaptureRoot(root);
                if (!CaptureArchive.TryWrite(source, stream, out summary, cancel))
                {
                    error.WriteLine($"physr capture: {SysfsReader.DescribeAbsence(source)}");
                    return ExitCode.BadInput;
                }
            }

            cancel.ThrowIfCancellationRequested();
            File.Move(temporary, target.Path, overwrite: force);
            Report(file, summary, output);
            return ExitCode.Success;
        }
        catch (OperationCanceledException)
        {
            error.WriteLine("physr capture: interrupted; nothing was written");
            return ExitCode.Interrupted;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"physr capture: {target.Describe(file, failure, temporary)}");
            return ExitCode.BadInput;
        }
        finally
        {
            if (isMade)
            {
                File.Delete(temporary);
            }
        }
    }

    private static bool TryFindRoot(string root, out string problem)
    {
        problem = Directory.Exists(root) ? ""
            : File.Exists(root) ? $"'{root}' is a file; a tar file must be unpacked first"
            : $"there is no directory '{root}'";
        return problem.Length == 0;
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
