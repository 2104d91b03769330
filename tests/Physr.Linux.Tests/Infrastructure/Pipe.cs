// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;

namespace Physr.Linux.Tests.Infrastructure;

/// <summary>A pipe, and how many descriptors of this process are an end of it: counted by its number, as other tests open and close files meanwhile.</summary>
internal sealed class Pipe : IDisposable
{
    private readonly AnonymousPipeServerStream _stream = new(PipeDirection.In);

    public Pipe()
    {
        Reading = new(_stream.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        Writing = new(_stream.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        Name = new FileInfo($"/proc/self/fd/{Reading.DangerousGetHandle()}").LinkTarget!;
    }

    public SafeFileHandle Reading { get; }

    public SafeFileHandle Writing { get; }

    public string Name { get; }

    /// <summary>How many descriptors of this process are an end of it: two, where nobody has made more.</summary>
    public int Descriptors => Directory.GetFiles("/proc/self/fd").Count(path => new FileInfo(path).LinkTarget == Name);

    /// <summary>All that is written until nobody has the writing end, which is closed here.</summary>
    public string ReadToEnd()
    {
        _stream.DisposeLocalCopyOfClientHandle();
        using StreamReader reader = new(_stream);
        return reader.ReadToEnd();
    }

    public void Dispose()
    {
        _stream.DisposeLocalCopyOfClientHandle();
        _stream.Dispose();
    }
}
