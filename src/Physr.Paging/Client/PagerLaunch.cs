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
    private const string Shell = "/bin/sh";
    private const string HostVariable = "PHYSR_RESCUE_HOST";
    private const string PagerVariable = "PHYSR_RESCUE_PAGER";

    /// <summary>Descriptor 4 ends when a line of pagers is dead; one that is done says so in a line of text.</summary>
    private const string WaitScript = $"read -r line <&4 && exit 0; exec 4<&-; exec \"${HostVariable}\" \"${PagerVariable}\" rescue";

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

    /// <summary>Starts the first pager of a line and hands it the listener and this process's own socket.</summary>
    /// <param name="options">How.</param>
    /// <param name="listener">Where others connect.</param>
    /// <param name="path">The path of that.</param>
    /// <param name="before">The <see cref="PagerLine.Watch"/> of another line; the pager starts when that has ended. Null: at once.</param>
    /// <param name="line">This process's side of it.</param>
    /// <param name="reason">What is wrong.</param>
    public static Errno TrySpawn(PagerOptions options, SafeFileHandle listener, string path, DescriptorSocket? before, out PagerLine? line, out string reason)
    {
        line = null;
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

        DescriptorSocket? theirBoot = null, socket = null, theirs = null, watch = null, watched = null;
        Errno errno = DescriptorSocket.TryPair(out DescriptorSocket? boot, out theirBoot);
        errno = errno == Errno.None ? DescriptorSocket.TryPair(out socket, out theirs) : errno;
        errno = errno == Errno.None ? DescriptorSocket.TryPair(out watch, out watched) : errno;
        reason = errno == Errno.None ? "" : $"no sockets for a pager ({errno})";
        using (boot)
        using (theirBoot)
        using (before is null ? theirs : null)
        using (watched)
        {
            int id = 0;
            errno = errno == Errno.None ? TryStart(options, host, pager, theirBoot!.Handle, before?.Handle, out id, out reason) : errno;
            if (errno == Errno.None)
            {
                _ = Pidfd.TryOpen(id, out Pidfd? process);
                line = new(socket!, process, before is null ? null : theirs, watch!);
                errno = Begin(boot!, options, listener, path, theirs!.Handle, watched!.Handle);
                reason = errno == Errno.None ? "" : $"the pager could not be told what to do ({errno})";
            }
        }

        if (errno != Errno.None)
        {
            line?.Kill();
            line?.Dispose();
            line = null;
            socket?.Dispose();
            theirs?.Dispose();
            watch?.Dispose();
        }

        return errno;
    }

    private static Errno TryStart(PagerOptions options, string host, string pager, SafeFileHandle boot, SafeFileHandle? before, out int id, out string reason)
    {
        (string, string)[] variables = [.. options.Environment.Select(static pair => (pair.Key, pair.Value))];
        if (before is null)
        {
            return ChildProcess.TrySpawn(host, [pager, "serve"], [boot], variables, out id, out reason);
        }

        // Whoever kills pagers by what is written in their command lines does not find this one.
        variables = [.. variables, (HostVariable, host), (PagerVariable, pager)];
        return ChildProcess.TrySpawn(Shell, ["-c", WaitScript], [boot, before], variables, out id, out reason);
    }

    private static Errno Begin(DescriptorSocket boot, PagerOptions options, SafeFileHandle listener, string path, SafeFileHandle client, SafeFileHandle watched)
    {
        Span<byte> buffer = stackalloc byte[1024];
        MessageWriter settings = new(buffer, MessageKind.Settings);
        settings.Write(options.ResidentBudget == 0 ? long.MaxValue : options.ResidentBudget / Control.ControlLayout.PageBytes);
        Errno errno = boot.TrySend(settings.Message, [watched], wait: true);
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
