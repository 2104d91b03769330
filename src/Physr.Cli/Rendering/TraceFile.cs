// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;

namespace Physr.Cli.Rendering;

/// <summary>A file that appears whole or not at all: written beside its place, renamed at the end, deleted when the run does not end.</summary>
internal sealed class TraceFile : IDisposable
{
    private const int MostAttempts = 16;

    private readonly string _path;
    private readonly string _temporaryPath;
    private readonly FileStream _stream;
    private bool _committed;

    private TraceFile(string path, string temporaryPath, FileStream stream)
    {
        _path = path;
        _temporaryPath = temporaryPath;
        _stream = stream;
    }

    /// <summary>Where to write.</summary>
    public Stream Stream => _stream;

    /// <summary>Makes the temporary file; false, and why, where the trace could not be put at its place in the end.</summary>
    /// <param name="path">The trace's place; a file there is replaced.</param>
    /// <param name="inputs">Files that the run reads, which the trace must not replace.</param>
    /// <param name="file">The file.</param>
    /// <param name="problem">What is wrong and what would be right.</param>
    public static bool TryCreate(string path, IReadOnlyList<string> inputs, [NotNullWhen(true)] out TraceFile? file, [NotNullWhen(false)] out string? problem)
    {
        file = null;
        try
        {
            string target = Resolve(path);
            problem = Refuse(target, inputs);
            file = problem is null ? Create(target, out problem) : null;
            return file is not null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problem = $"cannot be written: {failure.Message.TrimEnd('.')}";
            return false;
        }
    }

    /// <summary>Puts the file at its place.</summary>
    public void Commit()
    {
        _stream.Dispose();
        File.Move(_temporaryPath, _path, overwrite: true);
        _committed = true;
    }

    /// <summary>Deletes the file unless it was committed.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        if (!_committed)
        {
            File.Delete(_temporaryPath);
        }
    }

    /// <summary>Whether a failure is about this file, not about the run that is traced into it.</summary>
    public bool IsReasonOf(Exception failure) =>
        failure is (IOException or UnauthorizedAccessException) && (failure.Message.Contains(_temporaryPath, StringComparison.Ordinal) || failure.Message.Contains(_path, StringComparison.Ordinal));

    /// <summary>What such a failure means for the trace's own path; the temporary name is nobody's business.</summary>
    public string Describe(Exception failure) => Describe(failure, _temporaryPath, _path);

    private static string Describe(Exception failure, string temporary, string target) =>
        failure is UnauthorizedAccessException
            ? $"may not be written: there is no permission to make files in '{Path.GetDirectoryName(target)}'"
            : $"cannot be written: {failure.Message.Replace(temporary, target, StringComparison.Ordinal).TrimEnd('.')}";

    private static string Resolve(string path)
    {
        string full = Path.GetFullPath(path);
        return new FileInfo(full).LinkTarget is null ? full : File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
    }

    private static string? Refuse(string target, IReadOnlyList<string> inputs)
    {
        if (Directory.Exists(target))
        {
            return "is a directory; name a file";
        }

        if (!Directory.Exists(Path.GetDirectoryName(target)))
        {
            return $"there is no directory '{Path.GetDirectoryName(target)}'; make it first";
        }

        // Renaming onto a device would replace it.
        if (target.StartsWith("/dev/", StringComparison.Ordinal) || target.StartsWith("/proc/", StringComparison.Ordinal))
        {
            return "is no place for a file; name an ordinary one";
        }

        return inputs.Any(input => Resolve(input) == target) ? "is an input of this run; name another file" : null;
    }

    private static TraceFile? Create(string target, out string? problem)
    {
        problem = null;
        for (int attempt = 0; ; attempt++)
        {
            string temporary = Path.Combine(
                Path.GetDirectoryName(target)!,
                $".{Path.GetFileName(target)}.{Environment.ProcessId}.{attempt}.tmp");
            try
            {
                return new(target, temporary, new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16));
            }
            catch (IOException) when (File.Exists(temporary) && attempt < MostAttempts)
            {
                // Left by a run that was killed; take the next name.
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                problem = Describe(failure, temporary, target);
                return null;
            }
        }
    }
}
