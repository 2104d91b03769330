// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>A failure that the caller did not ask to have as a result. It names the operation, the object, the range and the kind.</summary>
public class PhysrException : Exception
{
    /// <summary>Makes an exception without details.</summary>
    public PhysrException()
        : this("unknown operation failed")
    {
    }

    /// <summary>Makes an exception of a message.</summary>
    public PhysrException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception of a message and its cause.</summary>
    public PhysrException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes an exception that names what failed.</summary>
    /// <param name="operation">What was being done, as a verb phrase: <c>register pagemap</c>.</param>
    /// <param name="target">On which object: <c>nvme1 BAR 4</c>.</param>
    /// <param name="errno">The kind.</param>
    /// <param name="detail">Why, and what would be right.</param>
    public PhysrException(string operation, string target, Errno errno, string detail)
        : base($"{operation}: {target}: {errno}: {detail}")
    {
        Operation = operation;
        Target = target;
        Errno = errno;
    }

    /// <summary>What was being done.</summary>
    public string Operation { get; } = "";

    /// <summary>On which object.</summary>
    public string Target { get; } = "";

    /// <summary>The kind of failure.</summary>
    public Errno Errno { get; } = Errno.EINVAL;
}
