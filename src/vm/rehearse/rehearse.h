/*
 * rehearse.h - `vspc-vm rehearse`: plays an ESXi host with its VMs against a
 * live concentrator, and reports what worked.
 */
#ifndef VM_REHEARSE_REHEARSE_H
#define VM_REHEARSE_REHEARSE_H

/* argv[0] is "rehearse". Returns the exit status: 0 if nothing failed, 1, 2 for
 * a wrong command line, 130 if it was interrupted. */
int rehearse_main(int argc, char **argv);

#endif
