// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Processes;
using Physr.Linux.Sockets;
using Physr.Paging.Protocol;

namespace Physr.Paging.Client;

/// <summary>Starting the first pager of a line.</summary>
internal static class PagerLaunch
{
    private const string Assembly = "Physr.Pager.dll";

    /// <summary>Makes a folder that only this user may enter, and a socket in it.</summary>
    /// <param name="options">Where.</param>
    /// <param name="listener">The socket.</param>
    /// <param name="path">Its path.</param>
    /// <param name="reason">What is wrong.</param>
    public static Errno TryListen(PagerOptions options, out DescriptorSocket? listener, out string path, out string reason)
    {
        listener = null;
        path = "";
        if (OperatingSystem.IsWindows())
        {
            reason = "a pager needs Linux";
            return Errno.ENOSYS;
        }

        string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        string parent = options.SocketFolder ?? (Directory.Exists(runtime) ? runtime : Path.GetTempPath());
        try
        {
            string folder = Path.Combine(parent, $"physr-{Environment.ProcessId}-{Path.GetRandomFileName()}");
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            path = Path.Combine(folder, "pager.sock");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            reason = $"no folder for the pager's socket can be made in {parent}: {exception.Message}";
            return Errno.EACCES;
        }

        Errno errno = DescriptorSocket.TryListen(path, 128, out listener, out reason);
        if (errno != Errno.None)
        {
            Remove(path);
        }

        return errno;
    }

    /// <summary>Removes a socket and its folder.</summary>
    public static void Remove(string path)
    {
        try
        {
            File.Delete(path);
            string folder = Path.GetDirectoryName(path)!;
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            System.Diagnostics.Trace.WriteLine($"The pager's socket stays at {path}: {exception.Message}");
        }
    }

    /// <summary>Starts a pager and hands it the listener and this process's own socket.</summary>
    /// <param name="options">How.</param>
    /// <param name="listener">Where others connect.</param>
    /// <param name="path">The path of that.</param>
    /// <param name="socket">This process's end.</param>
    /// <param name="process">The pager; null where it ended at once.</param>
    /// <param name="reason">What is wrong.</param>
    public static Errno TrySpawn(PagerOptions options, SafeFileHandle listener, string path, out DescriptorSocket? socket, out Pidfd? process, out string reason)
    {
        socket = null;
        process = null;
        string pager = options.PagerPath ?? Path.Combine(AppContext.BaseDirectory, Assembly);
        if (!File.Exists(pager))
        {
            reason = $"{pager} is not there: reference the project or package Physr.Pager as well, or set PagerOptions.PagerPath";
            return Errno.ENOENT;
        }

        string? host = options.HostPath ?? FindHost();
        if (host is null)
        {
            reason = "no dotnet host was found to run the pager with: set PagerOptions.HostPath";
            return Errno.ENOENT;
        }

        Errno errno = DescriptorSocket.TryPair(out DescriptorSocket? boot, out DescriptorSocket? theirBoot);
        DescriptorSocket? theirs = null;
        errno = errno == Errno.None ? DescriptorSocket.TryPair(out socket, out theirs) : errno;
        if (errno != Errno.None)
        {
            boot?.Dispose();
            theirBoot?.Dispose();
            reason = $"no sockets for a pager ({errno})";
            return errno;
        }

        using (boot)
        using (theirBoot)
        using (theirs)
        {
            (string, string)[] variables = [.. options.Environment.Select(static pair => (pair.Key, pair.Value))];
            errno = ChildProcess.TrySpawn(host, [pager, "serve"], [theirBoot!.Handle], variables, out int id, out reason);
            if (errno == Errno.None)
            {
                _ = Pidfd.TryOpen(id, out process);
                errno = Begin(boot!, options, listener, path, theirs!.Handle);
                reason = errno == Errno.None ? "" : $"the pager could not be told what to do ({errno})";
            }
        }

        if (errno != Errno.None)
        {
            socket!.Dispose();
            process?.Dispose();
            (socket, process) = (null, null);
        }

        return errno;
    }

    private static Errno Begin(DescriptorSocket boot, PagerOptions options, SafeFileHandle listener, string path, SafeFileHandle client)
    {
        Span<byte> buffer = stackalloc byte[1024];
        MessageWriter settings = new(buffer, MessageKind.Settings);
        settings.Write(options.ResidentBudget == 0 ? long.MaxValue : options.ResidentBudget / Control.ControlLayout.PageBytes);
        Errno errno = boot.TrySend(settings.Message, [], wait: true);
        MessageWriter listening = new(buffer, MessageKind.Listener);
        listening.Write(path);
        errno = errno == Errno.None ? boot.TrySend(listening.Message, [listener], wait: true) : errno;
        MessageWriter first = new(buffer, MessageKind.Client);
        first.Write(1u);
        errno = errno == Errno.None ? boot.TrySend(first.Message, [client], wait: true) : errno;
        return errno == Errno.None ? boot.TrySend(new MessageWriter(buffer, MessageKind.Begin).Message, [], wait: true) : errno;
    }

    /// <summary>The host that runs this program; or, for a program with a host of its own, the one that its shared framework belongs to: <c>ROOT/shared/Microsoft.NETCore.App/VERSION</c>.</summary>
    private static string? FindHost()
    {
        if (Environment.ProcessPath is { } own && string.Equals(Path.GetFileNameWithoutExtension(own), "dotnet", StringComparison.Ordinal))
        {
            return own;
        }

        string framework = System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory();
        string[] candidates =
        [
            Path.GetFullPath(Path.Combine(framework, "../../../dotnet")),
            Path.Combine(Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "/usr/share/dotnet", "dotnet"),
            "/usr/bin/dotnet",
        ];
        return Array.Find(candidates, File.Exists);
    }
}
